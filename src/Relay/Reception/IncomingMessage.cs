using System.Text;
using Relay.Mail;
using Relay.Queue;
using Relay.Reception.Spooling;
using Relay.Smtp.Server;

namespace Relay.Reception;

/// <summary>
/// One message on its way into the queue: spooled while it arrives, its trace fields written once its header is known, and
/// answered for only after the queue has committed it.
/// </summary>
internal sealed class IncomingMessage : IIncomingMessage
{
    // RFC 5321 §6.3: a simple count detects loops; the limit is high, for long ways exist.
    private const int MaxReceivedFields = 100;

    private static readonly Reply DiskFull = new(452, new(4, 3, 1), "Insufficient system storage; try again later");
    private static readonly Reply StoreFailed = new(451, new(4, 3, 0), "The mail store does not answer; try again later");
    private static readonly Reply MailLoop = new(
        554, new(5, 4, 6), $"Mail loop: the message has more than {MaxReceivedFields} Received fields");

    private readonly MessageReception _reception;
    private readonly SessionFacts _session;
    private readonly Transaction _transaction;
    private readonly QueueId _id;
    private readonly HeaderScan _header = new();
    private SpooledContent? _content;

    public IncomingMessage(MessageReception reception, SessionFacts session, Transaction transaction)
    {
        _reception = reception;
        _session = session;
        _transaction = transaction;
        _id = reception.Queue.NextId();
        _content = new SpooledContent(reception.Spool, _id.ToString(), AddressBlock.OfClient(session.Remote.Address));
    }

    public async ValueTask<Reply?> WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
    {
        _header.Read(octets.Span);
        if (_header.ReceivedFields > MaxReceivedFields)
        {
            return MailLoop;
        }

        try
        {
            return await _content!.AppendAsync(octets, cancellationToken) switch
            {
                SpoolRoom.Taken => null,
                SpoolRoom.ClientHasTooMuch => RefuseTooMuch(),
                _ => RefuseForRoom("the disk has no room beside what the queue keeps free"),
            };
        }
        catch (IOException fault)
        {
            // The spool's disk is full or failing; the client keeps the message and tries again (RFC 5321 §4.2.2, 452).
            return RefuseForRoom(fault.Message);
        }
    }

    public async ValueTask<Reply> CompleteAsync(bool isEightBit, CancellationToken cancellationToken)
    {
        var content = _content!;
        content.Complete(Encoding.UTF8.GetBytes(TraceFor()), isEightBit);
        _content = null;
        var octets = content.Octets;
        var envelope = new QueuedEnvelope(_id, _transaction.Mail, _transaction.Recipients, _transaction.Time);
        switch (await EnqueueAsync(envelope, content, cancellationToken))
        {
            case EnqueueResult.Stored:
                LogReceived(octets);
                return new Reply(250, new(2, 0, 0), $"Ok: queued as {_id}");
            case EnqueueResult.Full:
                return DiskFull;
            default:
                return StoreFailed;
        }
    }

    public ValueTask DisposeAsync()
    {
        Discard();
        return ValueTask.CompletedTask;
    }

    private Reply RefuseTooMuch()
    {
        const int Mebibyte = 1024 * 1024;
        _reception.Logger.LimitReached(
            _session.Remote.Address, "spooled-mebibytes", (int)(_reception.Spool.Shares.Most / Mebibyte));
        Discard();
        return DiskFull;
    }

    private Reply RefuseForRoom(string text)
    {
        _reception.Logger.SpoolFailed(text);
        Discard();
        return DiskFull;
    }

    // At once: its client may take an hour to come to the end of it.
    private void Discard()
    {
        _content?.Dispose();
        _content = null;
    }

    private async ValueTask<EnqueueResult> EnqueueAsync(
        QueuedEnvelope envelope, SpooledContent content, CancellationToken cancellationToken)
    {
        try
        {
            return await _reception.Queue.EnqueueAsync(envelope, content, cancellationToken);
        }
        catch (IOException fault)
        {
            // The spooled file could not be read back; nothing was stored.
            _reception.Logger.SpoolFailed(fault.Message);
            return EnqueueResult.StoreUnavailable;
        }
    }

    private string TraceFor()
    {
        var host = _reception.HostName;
        var trace = new StringBuilder(TraceFields.Received(_session, host, _id, _transaction));
        if (_reception.RepairsHeaders)
        {
            // RFC 6409 §8.2, §8.3: only for submitted messages; RFC 5321 §6.4 forbids it to relays.
            trace.Append(_header.HasDate ? string.Empty : TraceFields.DateField(_transaction.Time));
            trace.Append(_header.HasMessageId ? string.Empty : TraceFields.MessageIdField(_id, host));
        }

        // RFC 5321 §4.4, RFC 5322 §2.1: our fields stay whole, and what was sent without a header remains text.
        return trace.Append(_header.IsMissing ? "\r\n" : string.Empty).ToString();
    }

    private void LogReceived(long octets) => _reception.Logger.Received(
        _id.ToString(),
        _transaction.Mail.ReversePath.ToString(),
        _transaction.Recipients.Count,
        octets,
        _session.Remote.Address,
        _session.HelloName,
        _session.User,
        TraceFields.TlsVersion(_session.TlsVersion),
        _session.CipherSuite?.ToString());
}
