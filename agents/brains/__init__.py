"""What thinks for an agent besides the embedded brain: language models, reached by litellm."""
