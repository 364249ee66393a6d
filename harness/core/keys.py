"""The three keys: what is paired, what is resumed, and what a recording answers.

They stand apart because everything that outlives a run (cassettes, records, baselines) is addressed by them:
changing a check changes none of them; changing what is sent changes the last two.
"""

from dataclasses import dataclass

from harness.core.canonical import digest


@dataclass(frozen=True, slots=True, kw_only=True)
class PairKey:
    """The same question asked again: of another model, or after a prompt change.

    row    the dataset row's name, or None where the case has no dataset
    index  0-based number of the repeat
    """

    suite: str
    case: str
    row: str | None = None
    index: int = 0

    def __str__(self) -> str:
        """`suite/case[row]#index`, the row and a zero index left out."""
        row = f"[{self.row}]" if self.row is not None else ""
        return f"{self.suite}/{self.case}{row}" + (f"#{self.index}" if self.index else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialKey:
    """One case asked of one target: resume and sharding go by it.

    target    the target's label
    rendered  digest of everything rendered: prompt, tools, parameters, scripted turns
    """

    pair: PairKey
    target: str
    rendered: str

    @property
    def digest(self) -> str:
        """32 hex digits."""
        pair = self.pair
        return digest([pair.suite, pair.case, pair.row, pair.index, self.target, self.rendered])


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestKey:
    """What a recording answers. Host and port do not count.

    provider    who answers; a recording never answers for another
    region      the provider's region, or None
    path        path and query
    body        digest of the canonical body, fresh values masked
    credential  'valid', 'none', 'bad' or 'other'
    index       0-based number of the repeat
    exchange    0-based number of the exchange within the trial
    """

    provider: str
    region: str | None = None
    method: str
    path: str
    model: str
    body: str
    credential: str = "valid"
    index: int = 0
    exchange: int = 0

    @property
    def digest(self) -> str:
        """32 hex digits."""
        where = [self.provider, self.region, self.method, self.path, self.model, self.body]
        return digest([*where, self.credential, self.index, self.exchange])
