"""From measurements of several seeds to numbers, intervals and the words for them."""
