namespace Relay.Commands.Demo;

/// <summary>One domain of the demo and what a correct relay makes of mail to it.</summary>
/// <param name="Domain">The recipient's domain.</param>
/// <param name="Situation">What is right or wrong there.</param>
/// <param name="Policy">The mode of its policy; "none" where it publishes none.</param>
/// <param name="Expected">What has to become of the message.</param>
/// <param name="Mx">The MX that has to take it; null where none may.</param>
/// <param name="Why">The reason, in plain words.</param>
internal sealed record DemoCase(string Domain, string Situation, string Policy, DemoOutcome Expected, string? Mx, string Why);
