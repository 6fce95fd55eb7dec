"""What a hosted Space needs besides the image: its stage, its page, and the folder that is uploaded."""
