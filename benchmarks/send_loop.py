"""A loop of socket sends: the least cost of showing the same bytes on many screens.

It prints its port. The first connection controls it: it sends a line `SCREENS BYTES`, waits until so many other
connections are open, and sends the bytes of a frame. Each further byte sends the frame to all connections.
"""

import socket
import sys


def main() -> None:
    """Serve one control connection."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listening:
        sys.stdout.write(f"{listening.getsockname()[1]}\n")
        sys.stdout.flush()
        control, _ = listening.accept()
        control_file = control.makefile("rb")
        count, length = map(int, control_file.readline().split())
        screens = []
        for _ in range(count):
            screen, _ = listening.accept()
            screen.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            screen.settimeout(0.0)
            screens.append(screen)
        frame = control_file.read(length)
        control.sendall(b"r")
        while control.recv(1):
            for screen in screens:
                screen.send(frame)


if __name__ == "__main__":
    main()
