"""The live view's server side: a scheduler that trains watched sessions, and the WebSocket."""
