namespace Relay.Diagnosis;

/// <summary>What <c>relay sts check</c> found.</summary>
/// <param name="Domain">The domain checked.</param>
/// <param name="Verdict">What a sender would do.</param>
/// <param name="Summary">The same for people.</param>
/// <param name="Sections">All steps, in the order a sender takes them.</param>
public sealed record CheckReport(string Domain, CheckVerdict Verdict, string Summary, IReadOnlyList<CheckSection> Sections)
{
    /// <summary>Nothing is broken; advice does not count.</summary>
    public bool Passed => Verdict is CheckVerdict.Delivers or CheckVerdict.DeliversUnprotected
        && !Sections.Any(section => section.Steps.Any(step => step.Status == StepStatus.Failed));
}
