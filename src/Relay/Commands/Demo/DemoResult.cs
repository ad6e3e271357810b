namespace Relay.Commands.Demo;

/// <summary>What became of one message.</summary>
/// <param name="Domain">The recipient's domain.</param>
/// <param name="Situation">What is right or wrong there.</param>
/// <param name="Policy">The mode of its policy.</param>
/// <param name="Outcome">What happened.</param>
/// <param name="Expected">What a correct relay makes of it.</param>
/// <param name="Mx">The MX that took it, as the MX itself says; null when none did.</param>
/// <param name="Why">The reason, in plain words.</param>
/// <param name="RelaySays">The relay's own words: the reply, or why it waits.</param>
internal sealed record DemoResult(
    string Domain, string Situation, string Policy, DemoOutcome Outcome, DemoOutcome Expected, string? Mx, string Why, string RelaySays)
{
    /// <summary>The relay did what it has to.</summary>
    public bool AsExpected { get; init; }
}
