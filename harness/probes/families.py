"""The families of promises, in the order in which their rules are asked.

It stands apart so that a family is added in one line.
"""

from harness.probes import (
    aliases,
    arithmetic,
    auth,
    billing,
    cache,
    choices,
    context,
    endpoints,
    errors,
    examples,
    formats,
    images,
    limits,
    listing,
    load,
    management,
    messages,
    parameters,
    reasoning,
    replies,
    search,
    streams,
    tools,
    usage,
    vision,
)
from harness.probes.family import Family

# Images come first: their requests and replies share names of fields with chats, and only they look at the endpoint.
FAMILIES: tuple[Family, ...] = (
    images.FAMILY,
    endpoints.FAMILY,
    management.FAMILY,
    auth.FAMILY,
    errors.FAMILY,
    load.FAMILY,
    listing.FAMILY,
    arithmetic.FAMILY,
    vision.FAMILY,
    cache.FAMILY,
    reasoning.FAMILY,
    context.FAMILY,
    aliases.FAMILY,
    parameters.FAMILY,
    choices.FAMILY,
    streams.FAMILY,
    tools.FAMILY,
    formats.FAMILY,
    messages.FAMILY,
    examples.FAMILY,
    search.FAMILY,
    usage.FAMILY,
    replies.FAMILY,
    billing.FAMILY,
    limits.FAMILY,
)
