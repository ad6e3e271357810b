using System.Buffers;
using Relay.Smtp.Grammar;
using Relay.Smtp.Server.Authentication;

namespace Relay.Smtp.Server;

/// <summary>Takes commands off the wire, one line at a time, in bounded memory.</summary>
internal sealed class CommandReader(ServerConnection wire, TimeSpan limit, TimeProvider clock)
{
    /// <summary>
    /// RFC 5321 §4.5.3.1.4 has 512 octets with CRLF; the extensions we offer add to that, RFC 3461 §5.4 up to 1036. We
    /// take 2048 for every command.
    /// </summary>
    public const int MaxLineOctets = 2048;

    private static readonly SmtpCommand LineFeedAlone = new SmtpCommand.Invalid(CommandFault.LineFeedAlone);

    private delegate T Parser<T>(in ReadOnlySequence<byte> line);

    // No client gets this far by mistake: the connection is not worth keeping.
    private const int MaxSkippedOctets = 64 * 1024;

    /// <summary>
    /// Reads a command, and whether the session is over after it; <paramref name="yields"/> as for the wire.
    /// </summary>
    /// <param name="yields">Waiting ends when the server is stopping.</param>
    /// <param name="isFirst">The client has yet to show that it speaks SMTP: a line's first octets may tell that it does not, and its end
    /// may never come.</param>
    public async ValueTask<(SmtpCommand? Command, CloseReason End)> ReadAsync(bool yields, bool isFirst)
    {
        if (isFirst)
        {
            var start = await wire.ReadAsync(limit, yields);
            if (start.End != CloseReason.None)
            {
                return (null, start.End);
            }

            var protocol = ForeignLine.OfStart(start.Buffer.FirstSpan);
            wire.AdvanceTo(start.Buffer.Start, start.Buffer.Start);
            if (protocol != ForeignProtocol.None)
            {
                return (new SmtpCommand.Foreign(protocol), CloseReason.None);
            }
        }

        var (command, isTooLong, end) = await ReadLineAsync<SmtpCommand>(MaxLineOctets, yields, Parse, LineFeedAlone);
        return (isTooLong ? new SmtpCommand.Invalid(CommandFault.LineTooLong) : command, end);
    }

    /// <summary>Reads a line of an AUTH exchange; the session is over when the end is set.</summary>
    public async ValueTask<(AuthResponse Response, CloseReason End)> ReadResponseAsync()
    {
        var (response, isTooLong, end) = await ReadLineAsync(
            AuthResponse.MaxLineOctets, yields: true, static (in line) => AuthResponse.Read(line));
        return (isTooLong || end != CloseReason.None ? AuthResponse.TooLong : response, end);
    }

    // With a value for it, a line that ends in LF alone is that, and is not waited for any longer.
    private async ValueTask<(T? Line, bool IsTooLong, CloseReason End)> ReadLineAsync<T>(
        int maxOctets, bool yields, Parser<T> parse, T? lineFeedAlone = default)
    {
        var started = clock.GetTimestamp();
        var skipped = 0L;
        while (true)
        {
            // RFC 5321 §4.5.3.2.7: the limit is for the whole line, or one octet a minute would keep a session for
            // ever.
            var read = await wire.ReadAsync(limit - clock.GetElapsedTime(started), yields);
            if (read.End != CloseReason.None)
            {
                return (default, false, read.End);
            }

            if (TryFindLineEnd(read.Buffer, out var line, out var next))
            {
                var isTooLong = skipped + line.Length + 2 > maxOctets;
                var parsed = isTooLong ? default : parse(line);
                wire.AdvanceTo(next, next);
                return (parsed, isTooLong, CloseReason.None);
            }

            if (lineFeedAlone is not null && EndsInLineFeed(read.Buffer))
            {
                wire.AdvanceTo(read.Buffer.End, read.Buffer.End);
                return (lineFeedAlone, false, CloseReason.None);
            }

            // All but the last octet, which may be the CR of a CRLF, is dropped once the line is hopeless.
            var hopeless = read.Buffer.Length >= maxOctets ? read.Buffer.Length - 1 : 0;
            skipped += hopeless;
            wire.AdvanceTo(read.Buffer.GetPosition(hopeless), read.Buffer.End);
            if (skipped > MaxSkippedOctets)
            {
                return (default, true, CloseReason.Closed);
            }

            if (read.IsLast)
            {
                return (default, false, CloseReason.Closed);
            }
        }
    }

    // RFC 5321 §2.3.8: nothing but CRLF ends a line; a bare CR or LF stays in it, for the parser to refuse.
    private static bool TryFindLineEnd(
        in ReadOnlySequence<byte> buffer, out ReadOnlySequence<byte> line, out SequencePosition next)
    {
        var reader = new SequenceReader<byte>(buffer);
        var found = reader.TryReadTo(out line, "\r\n"u8);
        next = reader.Position;
        return found;
    }

    private static bool EndsInLineFeed(in ReadOnlySequence<byte> buffer) =>
        !buffer.IsEmpty && buffer.Slice(buffer.Length - 1).FirstSpan[0] == '\n';

    private static SmtpCommand Parse(in ReadOnlySequence<byte> line)
    {
        if (line.IsSingleSegment)
        {
            return CommandParser.Parse(line.FirstSpan);
        }

        Span<byte> copy = stackalloc byte[MaxLineOctets];
        line.CopyTo(copy);
        return CommandParser.Parse(copy[..(int)line.Length]);
    }
}
