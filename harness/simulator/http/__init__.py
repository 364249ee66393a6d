"""The simulator on a socket: routes, keys, limits, streams and faults; what a model says comes from `simulator.chat`.

It stands apart from chat so that everything below it can be tried without a server, and this with any service.
"""
