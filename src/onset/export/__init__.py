"""Finished results in formats that other tools read: Hugging Face's, an RO-Crate, a static site."""
