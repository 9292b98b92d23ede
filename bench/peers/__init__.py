"""Who is measured: a file for each kind of peer. A new competitor is a new file, named in MAKERS.

A peer has a `name`, `suites` (the names of those it takes part in), and

    unavailable()                    why it cannot be measured here, or None
    serve(stage, *program)           a server that starts the program for each connection, on
                                     descriptors 0 and 1; see Stage.start_server()
    client(stage, server, *program)  the command of a client whose program has descriptors 6 and 7;
                                     server_first=True where the server's program speaks first
    roles(server, clients)           (role, pid) of each process of the connections there are
"""

from peers import curvecp, limit, stunnel

# In the order of the table's columns.
MAKERS = {
    "ours": curvecp.ours,
    "reference": curvecp.reference,
    "stunnel": stunnel.Stunnel,
    "limit": limit.Limit,
}
