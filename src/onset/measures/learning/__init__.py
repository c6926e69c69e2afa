"""How models learn in context, in games that they play themselves."""
