"""A server on loopback that behaves as a vendor's documents say, or with one promise broken on request.

It stands apart, importing core, reading and catalogue alone: code shared with the wire would share its bugs.
"""
