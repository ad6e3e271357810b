using Microsoft.Extensions.Logging;
using Relay.Mail;
using Relay.Queue;
using Relay.Reception.Spooling;
using Relay.Smtp.Grammar;
using Relay.Smtp.Server;

namespace Relay.Reception;

/// <summary>Takes the messages of one listener into the queue.</summary>
internal sealed class MessageReception : IMessageAcceptor
{
    private readonly TimeProvider _clock;
    private readonly Mailbox _postmaster;

    public MessageReception(ReceptionDependencies services, bool repairsHeaders)
    {
        Queue = services.Queue;
        Spool = services.Spool;
        HostName = services.Options.HostName;
        Logger = services.Logger;
        RepairsHeaders = repairsHeaders;
        _clock = services.Clock;
        _postmaster = Configuration.PostmasterAddress.From(services.Options);
    }

    public IMailQueue Queue { get; }

    public Spool Spool { get; }

    public string HostName { get; }

    public ILogger Logger { get; }

    /// <summary>Missing Date and Message-ID fields are added.</summary>
    public bool RepairsHeaders { get; }

    public ValueTask<IIncomingMessage> BeginAsync(
        SessionFacts session, MailFrom mail, IReadOnlyList<RcptTo> recipients, CancellationToken cancellationToken)
    {
        var transaction = new Transaction(mail, [.. recipients.Select(WithDomain)], _clock.GetUtcNow());
#pragma warning disable CA2000 // The session owns the message and disposes it.
        return ValueTask.FromResult<IIncomingMessage>(new IncomingMessage(this, session, transaction));
#pragma warning restore CA2000
    }

    // RFC 5321 §4.5.1: <Postmaster> without a domain is this relay's own.
    private RcptTo WithDomain(RcptTo recipient) =>
        recipient.Mailbox.Domain.Length == 0 ? recipient with { Mailbox = _postmaster } : recipient;
}
