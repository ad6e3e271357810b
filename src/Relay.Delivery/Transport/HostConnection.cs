using System.Net;
using Relay.Mail;
using Relay.Smtp.Client;
using Relay.Tls;

namespace Relay.Delivery.Transport;

/// <summary>An open session with an MX host and all that it proved. Used by one attempt at a time.</summary>
internal sealed class HostConnection(PoolKey key, SmtpClientSession session, IPAddress localAddress)
{
    private readonly HashSet<DomainName> _served = [];
    private bool _hasTakenRecipients;

    public PoolKey Key { get; } = key;

    public SmtpClientSession Session { get; } = session;

    public IPAddress LocalAddress { get; } = localAddress;

    /// <summary>What TLS gave; null in clear.</summary>
    public TlsFacts? Tls { get; set; }

    /// <summary>TLS was reached by the lenient offer. It proves nothing, whatever was agreed on: anybody on the path can make the
    /// first handshake fail, and static RSA keeps no secret from who gets the host's key later.</summary>
    public bool IsLenient { get; set; }

    /// <summary>How the first handshake went: on this connection or, after a failure, on one before it.</summary>
    public TlsSessionResult TlsResult { get; set; }

    /// <summary>See <see cref="TlsSessionRecord.Reason"/>.</summary>
    public string TlsReason { get; set; } = string.Empty;

    public string PeerHelloName { get; set; } = string.Empty;

    /// <summary>When it was established, UTC.</summary>
    public DateTimeOffset Time { get; set; }

    public int Transactions { get; set; }

    /// <summary>Recipients of one transaction. RFC 5321 §4.5.3.1.8: a server takes 100 at least; one that said it takes fewer
    /// is not offered more again.</summary>
    public int MaxRecipients { get; private set; } = 100;

    /// <summary>When it was put back, on the monotonic clock.</summary>
    public long IdleSince { get; set; }

    /// <summary>Its place among the idle ones; null while it is in use.</summary>
    public LinkedListNode<HostConnection>? IdlePlace { get; set; }

    /// <summary>It served an attempt before the current one.</summary>
    public bool IsReused { get; set; }

    /// <summary>What was proved on this connection meets a demand; nothing else counts.</summary>
    public bool Satisfies(TlsRequirement requirement) => requirement switch
    {
        TlsRequirement.Opportunistic => true,
        _ when IsLenient => false,
        TlsRequirement.Encrypted => Tls is not null,
        TlsRequirement.VerifiedPkix => Tls is { Verdict.IsVerified: true },
        // A demand of a kind unknown here is met by nothing.
        _ => false,
    };

    /// <summary>Notes what a transaction came to, and tells whom the host has taken.</summary>
    public RecipientsTaken Take(TransactionResult result)
    {
        _hasTakenRecipients |= result.Recipients.Any(
            recipient => recipient.Stage is > SmtpStage.Recipient and <= SmtpStage.EndOfData);
        return Delivered(result) > 0 ? RecipientsTaken.WithThisMessage
            : _hasTakenRecipients ? RecipientsTaken.WithAnother
            : RecipientsTaken.None;
    }

    /// <summary>There were too many recipients in a transaction; as many as were taken are not.</summary>
    public void LowerMaxRecipients(TransactionResult result) => MaxRecipients = Math.Clamp(Delivered(result), 1, MaxRecipients);

    /// <summary>Notes that the connection serves a policy domain; true the first time it does.</summary>
    public bool StartServing(DomainName? policyDomain) => _served.Add(policyDomain ?? DomainName.Root);

    /// <summary>What one attempt keeps of this connection.</summary>
    public TlsSessionRecord ToRecord(MxHost host, bool isFirstUse) => new()
    {
        Host = host,
        Result = TlsResult,
        Tls = TlsResult == TlsSessionResult.Established ? Tls : null,
        RemoteAddress = Key.Address,
        LocalAddress = LocalAddress,
        PeerHelloName = PeerHelloName,
        Reason = TlsReason,
        SatisfiesRequirement = Satisfies(host.Requirement),
        IsFirstUse = isFirstUse,
        Time = Time,
    };

    private static int Delivered(TransactionResult result) => result.Recipients.Count(
        recipient => recipient is { Reply.IsPositive: true, Stage: SmtpStage.EndOfData });

    /// <summary>Says QUIT where that still makes sense, and closes. Bounded by QUIT's time limit.</summary>
    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        await using (Session)
        {
            if (Session.Fault is null)
            {
                await Session.QuitAsync(cancellationToken);
            }
        }
    }
}
