namespace Relay.Smtp;

/// <summary>
/// The octets of a message as they travel: every line ends in CRLF, there is no bare CR or LF, no dot is stuffed.
/// Checked once, at reception; whoever holds one may rely on it (RFC 5321 §2.3.8).
/// </summary>
public abstract class MessageContent : IDisposable
{
    /// <summary>How many octets there are; what SIZE declares (RFC 1870 §3).</summary>
    public abstract long Octets { get; }

    /// <summary>Some octet is above 127: only 8BITMIME servers may have it (RFC 6152 §3).</summary>
    public abstract bool IsEightBit { get; }

    /// <summary>
    /// Reads the content from its start, piece by piece; each piece is valid until the next is asked for.
    /// </summary>
    public abstract IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellationToken);

    /// <summary>Gives back buffers and temporary files. The owner calls it once, when nobody reads any more.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives back what this object holds.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}
