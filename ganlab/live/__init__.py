"""The live view's server side: a scheduler that trains what is watched, and its WebSocket."""
