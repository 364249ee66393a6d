"""The chat service without HTTP: a parsed body goes in, a reply's body and chunks come out, or a refusal.

It stands apart so that every rule of a reply can be tried without a socket. `service.ChatService` is the door.
"""
