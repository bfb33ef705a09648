"""A bare loop of socket sends: what showing the same bytes to so many sockets costs at least.

It prints its port. The first connection is the control: a line `SCREENS BYTES`, then so many other connections, then so
many bytes of a frame; each byte after that sends the frame to all.
"""

import socket
import sys


def main() -> None:
    """Serve one control."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listening:
        sys.stdout.write(f"{listening.getsockname()[1]}\n")
        sys.stdout.flush()
        control, _ = listening.accept()
        told = control.makefile("rb")
        count, length = map(int, told.readline().split())
        screens = []
        for _ in range(count):
            screen, _ = listening.accept()
            screen.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            screen.settimeout(0.0)
            screens.append(screen)
        frame = told.read(length)
        control.sendall(b"r")
        while control.recv(1):
            for screen in screens:
                screen.send(frame)


if __name__ == "__main__":
    main()
