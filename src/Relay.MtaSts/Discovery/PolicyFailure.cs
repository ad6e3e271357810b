using Relay.Delivery.Observations;
using Relay.MtaSts.Policies;
using Relay.Tls;

namespace Relay.MtaSts.Discovery;

/// <summary>Why a policy could not be had, in the words of reports (RFC 8460 §4.3.2.2).</summary>
/// <param name="Type">One of the three policy failures.</param>
/// <param name="Reason">A word from a closed set: <c>no-txt-record</c>, <c>http-status-404</c>, <c>timeout</c>.</param>
/// <param name="Detail">For people, one line.</param>
public sealed record PolicyFailure(TlsResultType Type, string Reason, string Detail)
{
    /// <summary>The fault in the file, when one was had and is no policy; null otherwise.</summary>
    public PolicyReading.Invalid? Reading { get; init; }

    /// <summary>Every fault in that file; empty when there is no file.</summary>
    public IReadOnlyList<PolicyFlaw> Flaws { get; init; } = [];

    /// <summary>What is wrong with the policy host's certificate, when that is the reason; null otherwise.</summary>
    public CertificateVerdict? Certificate { get; init; }
}
