"""What the machine could carry: bench_limits, the way of a transfer without its protocol."""

# Whose place each of its processes has.
ROLES = {"sealer": "server", "packer": "server's handler", "opener": "client", "unpacker": "client's handler",
         "source": "programs", "sink": "programs"}


class Limit:
    name = "limit"
    suites = ("bulk", "streams")

    def __init__(self, setting):
        self.tools = setting.tools

    def unavailable(self):
        return None

    def measure(self, suite, stage, scale):
        """In place of Suite.measure(): there is no server and no client. However many streams there are,
        they share one machine."""
        program = stage.start(self.tools / "bench_limits", min(2, scale.bulk_seconds))
        result = stage.result_of(program, 30)
        used = {}
        for process, role in ROLES.items():
            used[role] = used.get(role, 0) + result[process]
        what = "download" if suite.name == "bulk" else f"{scale.streams} at once"
        return suite.figures_of(what, result["bytes"], result["seconds"], used)
