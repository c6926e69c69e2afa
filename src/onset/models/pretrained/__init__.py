"""A language model that others have pretrained, fine-tuned on a task's tokens."""
