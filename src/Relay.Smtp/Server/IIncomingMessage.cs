using Relay.Mail;

namespace Relay.Smtp.Server;

/// <summary>A message on its way in.</summary>
public interface IIncomingMessage : IAsyncDisposable
{
    /// <summary>
    /// Takes a piece of the content: dots removed, only CRLF line ends, lines within their limit. The memory is the
    /// caller's again when the task completes. Null to go on, or the refusal that the message will get once it has been
    /// read to its end (disk full, too many Received fields); nothing further is handed over then.
    /// </summary>
    ValueTask<Reply?> WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken);

    /// <summary>
    /// The content is complete. The reply is final: with a positive one the message is on stable storage, and this side
    /// answers for it from here on (RFC 5321 §6.1).
    /// </summary>
    /// <param name="isEightBit">Some octet of the content is above 127.</param>
    /// <param name="cancellationToken">Gives up waiting; the message may or may not have been taken.</param>
    ValueTask<Reply> CompleteAsync(bool isEightBit, CancellationToken cancellationToken);
}
