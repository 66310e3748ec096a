"""Creates, changes and deletes a stack in AWS."""
