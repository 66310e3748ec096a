"""What creates, changes and deletes a stack in AWS."""
