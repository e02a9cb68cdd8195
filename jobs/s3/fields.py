"""The headers of an answer by their names, joined and decoded when somebody asks for one."""

from collections.abc import Iterator, Mapping, Sequence

from jobs.s3.marks import are_marked

Headers = Sequence[tuple[bytes, bytes]]


class Fields(Mapping[str, str]):
    """Names are in small letters; values of the same name are joined, as urllib3 does it."""

    __slots__ = ("_headers", "_joined")

    def __init__(self, headers: Headers) -> None:
        self._headers = headers
        self._joined: dict[str, str] | None = None

    def are_marked(self, marks: frozenset[bytes]) -> bool:
        return are_marked((name for name, _ in self._headers), marks)

    def _load(self) -> dict[str, str]:
        if self._joined is None:
            joined: dict[str, str] = {}
            for raw_name, raw_value in self._headers:
                name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
                joined[name] = f"{joined[name]}, {value}" if name in joined else value
            self._joined = joined
        return self._joined

    def __getitem__(self, name: str) -> str:
        return self._load()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._load())

    def __len__(self) -> int:
        return len(self._load())
