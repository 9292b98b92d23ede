"""What is measured: each suite brings a peer into a situation and returns its figures by name."""

import dataclasses
import statistics
import time

import processes
from stage import Failed, free_port, wait_until

ROLES = ("server", "server's handler", "client", "client's handler", "programs")


@dataclasses.dataclass(frozen=True)
class Figure:
    """One row of the table."""

    name: str
    unit: str
    better: str  # "higher" or "lower"


@dataclasses.dataclass(frozen=True)
class Scale:
    """How much of it."""

    bulk_bytes: int = 200_000_000  # whichever comes first: the reference does a few MB a second
    bulk_seconds: int = 4
    short_bytes: int = 1 << 20
    streams: int = 16
    connections: tuple = ((1, 50), (50, 500), (200, 600))  # at once, in all
    connection_seconds: int = 10
    echoes: int = 2000
    echo_seconds: int = 3
    idle: int = 1000
    idle_seconds: int = 5
    packets: tuple = (10, 10_000)  # connections that they come from
    packet_count: int = 40_000


QUICK = Scale(bulk_bytes=20_000_000, bulk_seconds=1, streams=4, connections=((1, 5), (20, 40)),
              echoes=200, echo_seconds=1, idle=20, idle_seconds=1,
              packets=(10, 200), packet_count=2000)
SPARE = 10  # connections beside the idle ones
PATIENCE = 15  # seconds, for what should come at once: the reference does stall now and then


class Suite:
    def __init__(self, tools):
        self.end = tools / "bench_end"
        self.crowd = tools / "bench_crowd"
        self.flooder = tools / "bench_flood"
        self.packets = tools / "bench_packets"

    def connect(self, peer, stage, server, *program, seconds=PATIENCE, server_first=False):
        """A client that has told its result and still lives, with its result."""
        client = stage.start(*peer.client(stage, server, self.end, *program, server_first=server_first))
        return client, stage.result_of(client, seconds)

    def gather(self, peer, stage, server, how, program, at_once, total, seconds):
        """Many clients, see crowd.cpp."""
        crowd = stage.start(self.crowd, how, at_once, total, seconds,
                            *peer.client(stage, server, self.end, program))
        rounds = -(-total // at_once)  # each client has its own time
        return stage.result_of(crowd, rounds * seconds + PATIENCE)


class Bulk(Suite):
    """One connection that carries all that it can, either way."""

    name = "bulk"

    def figures(self, scale):
        for way in ("download", "upload"):
            yield Figure(f"{way}", "MB/s", "higher")
            yield Figure(f"{way} of 1 MB", "MB/s", "higher")
            yield Figure(f"{way}: CPU", "s/GB", "lower")
            for role in ROLES:
                yield Figure(f"{way}: CPU of {role}", "s/GB", "lower")

    def measure(self, peer, stage, scale):
        found = {}
        for way in ("download", "upload"):
            load = (str(scale.bulk_bytes), str(scale.bulk_seconds))
            result, used = self.carry(peer, stage, way, load, PATIENCE + scale.bulk_seconds)
            found |= self.figures_of(way, result["bytes"], result["seconds"], used)
            result, _ = self.carry(peer, stage, way, (str(scale.short_bytes), "10"), PATIENCE)
            found[f"{way} of 1 MB"] = result["bytes"] / result["seconds"] / 1e6
        return found

    def carry(self, peer, stage, way, load, seconds):
        """What the client tells, and the processor time by role."""
        far, near = (("source", *load), ("download",)) if way == "download" else (("sink",), ("upload", *load))
        server = peer.serve(stage, self.end, *far)
        client, result = self.connect(peer, stage, server, *near, seconds=seconds,
                                      server_first=way == "download")
        used = self.used_by(peer, server, [client])
        stage.clear()
        return result, used

    @staticmethod
    def used_by(peer, server, clients):
        used = {}
        for role, pid in peer.roles(server, clients):
            used[role] = used.get(role, 0) + processes.cpu_seconds(pid)
        return used

    @staticmethod
    def figures_of(way, size, seconds, used):
        gigabytes = size / 1e9
        return {way: size / seconds / 1e6, f"{way}: CPU": sum(used.values()) / gigabytes,
                **{f"{way}: CPU of {role}": cpu / gigabytes for role, cpu in used.items()}}


class Streams(Bulk):
    """Several such connections at once: what they carry in sum, and whether each gets its share."""

    name = "streams"

    def figures(self, scale):
        yield Figure(f"{scale.streams} at once", "MB/s", "higher")
        yield Figure(f"{scale.streams} at once: slowest", "% of mean", "higher")
        yield Figure(f"{scale.streams} at once: CPU", "s/GB", "lower")
        for role in ROLES:
            yield Figure(f"{scale.streams} at once: CPU of {role}", "s/GB", "lower")

    def measure(self, peer, stage, scale):
        server = peer.serve(stage, self.end, "source", 1 << 40, scale.bulk_seconds)
        command = peer.client(stage, server, self.end, "download", server_first=True)
        clients = [stage.start(*command) for _ in range(scale.streams)]
        results = [stage.result_of(client, PATIENCE + scale.bulk_seconds) for client in clients]
        rates = [result["bytes"] / result["seconds"] for result in results]
        total = sum(result["bytes"] for result in results)
        words = f"{scale.streams} at once"
        found = self.figures_of(words, total, total / sum(rates), self.used_by(peer, server, clients))
        return found | {f"{words}: slowest": 100 * min(rates) / statistics.mean(rates)}


class Connect(Suite):
    """Connections that carry one byte there and back: how many a second, and how long from the
    start of the client to that byte. Client and server share the machine."""

    name = "connect"

    def figures(self, scale):
        for at_once, _ in scale.connections:
            yield Figure(f"connections, {at_once} at once", "1/s", "higher")
            yield Figure(f"first byte, {at_once} at once, p50", "ms", "lower")
            yield Figure(f"first byte, {at_once} at once, p99", "ms", "lower")
            yield Figure(f"connections, {at_once} at once, lost", "%", "lower")
            yield Figure(f"connections, {at_once} at once, server's CPU each", "ms", "lower")

    def measure(self, peer, stage, scale):
        found = {}
        for at_once, total in scale.connections:
            server = peer.serve(stage, self.end, "echo")
            result = self.gather(peer, stage, server, "finish", "first", at_once, total, scale.connection_seconds)
            if not result["done"]:
                raise Failed(f"none of {total} connections came about, {at_once} at once")
            found |= {
                # Those that are never done count as lost, and in the times of the first byte.
                f"connections, {at_once} at once": result["done"] / result["seconds"],
                f"first byte, {at_once} at once, p50": result["p50_us"] / 1000,
                f"first byte, {at_once} at once, p99": result["p99_us"] / 1000,
                f"connections, {at_once} at once, lost": 100 * (total - result["done"]) / total,
                f"connections, {at_once} at once, server's CPU each":
                    1000 * processes.cpu_seconds(server.pid) / result["done"]}
            stage.clear()
        return found


class Echo(Suite):
    """Round trips on an open connection, alone on its server."""

    name = "echo"
    sizes = ((1, "1 byte"), (1024, "1 KB"))

    def figures(self, scale):
        return self.figures_with("")

    def figures_with(self, situation):
        for _, size in self.sizes:
            for percentile in ("p50", "p99"):
                yield Figure(f"echo of {size}{situation}, {percentile}", "us", "lower")

    def measure(self, peer, stage, scale):
        return self.ping(peer, stage, peer.serve(stage, self.end, "echo"), scale, "")

    def ping(self, peer, stage, server, scale, situation):
        found = {}
        for size, words in self.sizes:
            client, result = self.connect(peer, stage, server, "ping", size, scale.echoes, scale.echo_seconds)
            stage.release(client)
            for percentile in ("p50", "p99"):
                found[f"echo of {words}{situation}, {percentile}"] = result[f"{percentile}_us"]
        return found


class Idle(Echo):
    """What connections cost on which nothing happens, and what they cost the one on which it does."""

    name = "idle"

    def figures(self, scale):
        yield from self.figures_with(f", {scale.idle} idle")
        yield Figure("server's memory per idle connection", "kB", "lower")
        yield Figure("idle handler's memory, private", "kB", "lower")
        yield Figure("idle handler's memory, PSS", "kB", "lower")
        yield Figure(f"server's CPU, {scale.idle} idle", "ms/s", "lower")
        yield Figure(f"handlers' CPU, {scale.idle} idle", "ms/s", "lower")

    def measure(self, peer, stage, scale):
        before = self.memory_without(peer, stage, scale)
        server = peer.serve(stage, self.end, "echo", most=scale.idle + SPARE)
        result = self.gather(peer, stage, server, "hold", "hold", 20, scale.idle, scale.connection_seconds)
        if result["done"] < 0.98 * scale.idle:
            raise Failed(f"only {result['done']:.0f} of {scale.idle} connections came about")
        handlers = processes.children(server.pid)
        grown = processes.resident_kb(server.pid) - before
        return (self.memory(handlers, grown) | self.idle_cpu(server, handlers, scale) |
                self.ping(peer, stage, server, scale, f", {scale.idle} idle"))

    def memory_without(self, peer, stage, scale):
        """Of a server with room for few connections, since the reference's makes room at its start,
        and after a first one: what that brings about once is not the others' cost."""
        server = peer.serve(stage, self.end, "echo", most=SPARE)
        client, _ = self.connect(peer, stage, server, "ping", 1, 100, scale.echo_seconds)
        stage.release(client)
        wait_until(lambda: not processes.children(server.pid), PATIENCE, "the first connection has ended")
        resident = processes.resident_kb(server.pid)
        stage.clear()
        return resident

    @staticmethod
    def memory(handlers, grown):
        shares = [processes.memory_kb(pid) for pid in handlers]
        return {"server's memory per idle connection": grown / len(handlers),
                "idle handler's memory, PSS": statistics.mean(share for share, _ in shares),
                "idle handler's memory, private": statistics.mean(private for _, private in shares)}

    @staticmethod
    def idle_cpu(server, handlers, scale):
        time.sleep(3)  # what the last connections have still to say

        def used():
            return processes.cpu_seconds(server.pid), sum(map(processes.cpu_seconds, handlers))
        before = used()
        time.sleep(scale.idle_seconds)
        of_server, of_handlers = (1000 * (after - then) / scale.idle_seconds
                                  for after, then in zip(used(), before))
        return {f"server's CPU, {scale.idle} idle": of_server, f"handlers' CPU, {scale.idle} idle": of_handlers}


class Packets(Suite):
    """What a packet costs the server itself, with few connections and with many."""

    name = "packets"

    def figures(self, scale):
        for connections in scale.packets:
            for way in ("opened", "sealed"):
                yield Figure(f"packet {way}, {connections} connections", "ns", "lower")

    def measure(self, peer, stage, scale):
        found = {}
        for connections in scale.packets:
            result = stage.result_of(stage.start(self.packets, connections, scale.packet_count), 60)
            for way in ("opened", "sealed"):
                found[f"packet {way}, {connections} connections"] = result[f"{way}_ns"]
        return found


class Flood(Bulk):
    """A connected client's download and a new client, while one sender floods the server with Hellos
    from many ports; beside it the same sender floods a port where nobody is."""

    name = "flood"

    def figures(self, scale):
        yield Figure("download beside a flooded dead port", "MB/s", "higher")
        yield Figure("download from a flooded server", "MB/s", "higher")
        yield Figure("first byte of a new client, flooded server", "ms", "lower")
        yield Figure("server's memory that a flood takes", "kB", "lower")

    def measure(self, peer, stage, scale):
        server = peer.serve(stage, self.end, "source", 1 << 40, scale.bulk_seconds)
        beside = self.download(peer, stage, server, scale, free_port("udp"))
        flooded = self.download(peer, stage, server, scale, server.port)
        resident = processes.resident_kb(server.pid)
        flooder = self.flood(peer, stage, server, server.port)
        newcomer = self.gather(peer, stage, server, "finish", "first", 1, 1, PATIENCE)
        stage.result_after_release(flooder, PATIENCE)
        return {"download beside a flooded dead port": beside, "download from a flooded server": flooded,
                "first byte of a new client, flooded server": newcomer["p50_us"] / 1000,
                "server's memory that a flood takes": processes.resident_kb(server.pid) - resident}

    def flood(self, peer, stage, server, port):
        ip, _, key, name, extension = peer.contact(server)
        flooder = stage.start(self.flooder, ip, port, key, name, extension)
        time.sleep(1)  # it makes its Hellos first
        return flooder

    def download(self, peer, stage, server, scale, flooded_port):
        client = stage.start(*peer.client(stage, server, self.end, "download", server_first=True))
        wait_until(lambda: processes.children(server.pid), PATIENCE, "the client is connected")
        flooder = self.flood(peer, stage, server, flooded_port)
        result = stage.result_of(client, PATIENCE + scale.bulk_seconds)
        stage.result_after_release(flooder, PATIENCE)
        stage.release(client)
        wait_until(lambda: not processes.children(server.pid), PATIENCE, "the connection has ended")
        return result["bytes"] / result["seconds"] / 1e6


ALL = (Bulk, Streams, Connect, Echo, Idle, Packets, Flood)
