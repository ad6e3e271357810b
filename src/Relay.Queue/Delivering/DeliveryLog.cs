using System.Globalization;
using System.Security.Authentication;
using Microsoft.Extensions.Logging;
using Relay.Delivery;
using Relay.Smtp.Grammar;
using Relay.Tls;

namespace Relay.Queue.Delivering;

/// <summary>Writes the line of one recipient: what operators search when mail did not arrive.</summary>
/// <param name="logger">Where to.</param>
/// <param name="attempt">The attempt.</param>
/// <param name="delay">How long the message has been here.</param>
internal readonly struct DeliveryLog(ILogger logger, DeliveryAttempt attempt, TimeSpan delay)
{
    private readonly string _from = attempt.Mail.ReversePath.ToString();
    private readonly string _delay = string.Create(CultureInfo.InvariantCulture, $"{delay.TotalSeconds:0.00}s");

    /// <summary>The next hop took it.</summary>
    public void Delivered(RcptTo recipient, DeliveryOutcome.Delivered outcome)
    {
        var (host, address, tls) = outcome.Hop;
        QueueLog.Delivered(
            logger, attempt.QueueId, _from, To(recipient), host, address.ToString(), NameOf(tls?.Version),
            tls?.CipherSuite.ToString(), NameOf(tls?.Verdict), attempt.LogFields, _delay, outcome.Status.ToString(),
            outcome.Reply.ToString());
    }

    /// <summary>It will be tried again.</summary>
    public void Deferred(RcptTo recipient, DeliveryFailure failure, DateTimeOffset next) =>
        QueueLog.Deferred(
            logger, attempt.QueueId, _from, To(recipient), failure.Hop?.Host, failure.Hop?.Address.ToString(),
            failure.Reason, failure.IsUncertain ? "yes" : null, attempt.LogFields,
            next.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture), _delay,
            failure.Status.ToString(), failure.Text);

    /// <summary>It was refused for good.</summary>
    public void Bounced(RcptTo recipient, DeliveryFailure failure) =>
        QueueLog.Bounced(
            logger, attempt.QueueId, _from, To(recipient), failure.Hop?.Host, failure.Hop?.Address.ToString(),
            failure.Reason, attempt.LogFields, _delay, failure.Status.ToString(), failure.Text);

    /// <summary>Its time ended.</summary>
    public void Expired(RcptTo recipient, DeliveryFailure failure) =>
        QueueLog.Expired(
            logger, attempt.QueueId, _from, To(recipient), failure.Hop?.Host, failure.Hop?.Address.ToString(),
            failure.Reason, attempt.LogFields, _delay, failure.Status.ToString(), failure.Text);

    /// <summary>It failed, and the null reverse-path leaves nobody to be told (RFC 5321 §4.5.5).</summary>
    public void UndeliverableBounce(RcptTo recipient) => QueueLog.UndeliverableBounce(
        logger, attempt.QueueId, To(recipient), "the reverse-path is null; the message is kept until an operator drops it");

    private static string To(RcptTo recipient) => $"<{recipient.Mailbox}>";

    private static string? NameOf(SslProtocols? version) => version switch
    {
        null => null,
        SslProtocols.Tls12 => "TLSv1.2",
        SslProtocols.Tls13 => "TLSv1.3",
        _ => version.ToString(),
    };

    private static string? NameOf(CertificateVerdict? verdict) => verdict switch
    {
        null => "none",
        { IsVerified: true } => "pkix",
        { Faults: var faults } when faults.HasFlag(CertificateFaults.HostMismatch) => "host-mismatch",
        { Faults: var faults } when faults.HasFlag(CertificateFaults.Expired) => "expired",
        _ => "not-trusted",
    };
}
