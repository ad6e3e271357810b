using Relay.Delivery.Tls;

namespace Relay.Commands.Check;

/// <summary>One step of a check and what it found.</summary>
/// <param name="Step">A word from a closed set, for scripts: <c>txt-record</c>, <c>starttls</c>.</param>
/// <param name="Status">How it went.</param>
/// <param name="Finding">What was found, in one line; may hold text of strangers.</param>
/// <param name="Remedy">What to do about it; null when nothing need be done.</param>
internal sealed record CheckStep(string Step, StepStatus Status, string Finding, string? Remedy)
{
    /// <summary>The certificate that the step is about; null for other steps.</summary>
    public CertificateFacts? Certificate { get; init; }

    public static CheckStep Passed(string step, string finding) => new(step, StepStatus.Passed, finding, null);

    public static CheckStep Advice(string step, string finding, string remedy) => new(step, StepStatus.Advice, finding, remedy);

    public static CheckStep Failed(string step, string finding, string remedy) => new(step, StepStatus.Failed, finding, remedy);
}
