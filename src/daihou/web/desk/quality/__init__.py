"""The pages of quality: listening list, reviews, appeals, results."""
