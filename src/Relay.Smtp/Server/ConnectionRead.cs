using System.Buffers;

namespace Relay.Smtp.Server;

/// <summary>
/// What is there to be read, or why nothing is. Unless <see cref="End"/> is set, the reader advances the wire before it
/// reads again.
/// </summary>
/// <param name="Buffer">All that came and was not consumed.</param>
/// <param name="IsLast">The client sends nothing after this.</param>
/// <param name="End">Set: there is no buffer and the session is over.</param>
internal readonly record struct ConnectionRead(ReadOnlySequence<byte> Buffer, bool IsLast, CloseReason End);
