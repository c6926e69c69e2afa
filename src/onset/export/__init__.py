"""Finished results in forms that others take: Hugging Face's, an RO-Crate, a static site."""
