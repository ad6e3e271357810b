using Relay.Delivery.Observations;
using Relay.Mail;

namespace Relay.TlsRpt.Ledger;

/// <summary>
/// All members of a failure-details entry but the count (RFC 8460 §4.4); what is not known is empty. Entries that agree in them are one.
/// </summary>
internal readonly record struct FailureKey(
    string Type, string SendingAddress, string ReceivingAddress, string MxHost, string Helo, string Reason)
{
    /// <summary>Counts what there was no room to tell apart.</summary>
    public static FailureKey Overflow { get; } = new(
        TlsResultType.ValidationFailure.ToWord(), string.Empty, string.Empty, string.Empty, string.Empty, "overflow");

    public static FailureKey Of(TlsObservation observation, ObservedFailure failure)
    {
        // RFC 8460 §4.3.1, §4.3.3: the two collective types say nothing without a reason.
        var reason = SanitizedText.Reason(failure.Reason);
        var needsReason = failure.Type is TlsResultType.ValidationFailure or TlsResultType.CertificateNotTrusted;
        reason = needsReason && reason.Length == 0 ? SanitizedText.Unspecified : reason;

        // RFC 8460 §4.3.2.2: a policy is looked for before any host is.
        return failure.Type
            is TlsResultType.StsPolicyFetchError or TlsResultType.StsPolicyInvalid or TlsResultType.StsWebPkiInvalid
            ? new FailureKey(failure.Type.ToWord(), string.Empty, string.Empty, string.Empty, string.Empty, reason)
            : new FailureKey(
                failure.Type.ToWord(),
                SanitizedText.Address(observation.SendingAddress),
                SanitizedText.Address(observation.ReceivingAddress),
                SanitizedText.MxHost(observation.MxHost),
                SanitizedText.Helo(observation.ReceivingHelo),
                reason);
    }
}
