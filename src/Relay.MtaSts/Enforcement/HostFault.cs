using Relay.Delivery;
using Relay.Delivery.Observations;
using Relay.Mail;

namespace Relay.MtaSts.Enforcement;

/// <summary>Why a policy rules a host out.</summary>
/// <param name="Host">The host.</param>
/// <param name="Failures">What is wrong, the weightiest first; at least one.</param>
/// <param name="Detail">For people, what the handshake or the verification said; empty for nothing more.</param>
internal readonly record struct HostFault(MxHost Host, IReadOnlyList<ObservedFailure> Failures, string Detail)
{
    /// <summary>The status a message gets for it; always transient (RFC 8461 §5, §5.1).</summary>
    public EnhancedStatusCode Status => Failures[0] switch
    {
        { Reason: EffectivePolicy.MxMismatch } => new(4, 7, 0),
        { Type: TlsResultType.StartTlsNotSupported } => new(4, 7, 10),
        _ => new(4, 7, 5),
    };

    /// <summary>A word from a closed set, for logs and counters.</summary>
    public string Reason => Failures[0] switch
    {
        { Reason: EffectivePolicy.MxMismatch } => EffectivePolicy.MxNotListed,
        var first => "sts-" + first.Type.ToWord(),
    };

    /// <summary>The fault in plain words, after the host's name.</summary>
    public override string ToString()
    {
        var words = Failures[0] switch
        {
            { Reason: EffectivePolicy.MxMismatch } => "is not listed in the policy",
            { Type: TlsResultType.StartTlsNotSupported } => "does not give STARTTLS",
            { Type: TlsResultType.CertificateExpired } => "shows an expired certificate",
            { Type: TlsResultType.CertificateHostMismatch } => "shows a certificate for another name",
            { Type: TlsResultType.CertificateNotTrusted } => "shows a certificate that is not trusted",
            _ => "fails the TLS handshake",
        };
        var more = Detail.Length > 0 ? Detail : Failures[0].Reason == EffectivePolicy.MxMismatch ? string.Empty : Failures[0].Reason;
        return more.Length > 0 ? $"{Host} {words} ({more})" : $"{Host} {words}";
    }
}
