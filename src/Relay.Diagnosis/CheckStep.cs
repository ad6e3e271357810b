using Relay.Tls;

namespace Relay.Diagnosis;

/// <summary>One step of a check and what it found.</summary>
/// <param name="Step">A word from a closed set, for scripts: <c>txt-record</c>, <c>starttls</c>.</param>
/// <param name="Status">How it went.</param>
/// <param name="Finding">What was found, in one line; may hold text of remote parties.</param>
/// <param name="Remedy">What to do about it; null when nothing need be done.</param>
public sealed record CheckStep(string Step, StepStatus Status, string Finding, string? Remedy)
{
    /// <summary>The certificate that the step is about; null for other steps.</summary>
    public CertificateFacts? Certificate { get; init; }

    /// <summary>Nothing is wrong here.</summary>
    public static CheckStep Passed(string step, string finding) => new(step, StepStatus.Passed, finding, null);

    /// <summary>It works, and something could be better.</summary>
    public static CheckStep Advice(string step, string finding, string remedy) => new(step, StepStatus.Advice, finding, remedy);

    /// <summary>Something is broken here.</summary>
    public static CheckStep Failed(string step, string finding, string remedy) => new(step, StepStatus.Failed, finding, remedy);
}
