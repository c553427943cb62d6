// Owns the moment from which a TCP connection counts in the meter. Never counts what the kernel refuses by itself.
import type { Socket } from 'node:net';

/**
 * Tells once that the kernel took the connect, so that a SYN is on its way. Emitted right before connect(2): what that call refuses
 * (no descriptors, no route) has destroyed the socket when it returns.
 */
export function onSyn(socket: Socket, tell: () => void): void {
  socket.once('connectionAttempt', () => queueMicrotask(() => !socket.destroyed && tell()));
}
