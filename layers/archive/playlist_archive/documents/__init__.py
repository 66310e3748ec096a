"""What is kept and sent, and how it grows: pure, without any input or output."""
