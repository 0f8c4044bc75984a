"""Result records in, pictures and decisions out. Knows no runtime."""
