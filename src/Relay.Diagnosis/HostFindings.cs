namespace Relay.Diagnosis;

/// <summary>What was learnt of one MX host.</summary>
/// <param name="Section">The steps.</param>
/// <param name="IsReachable">It greets and takes sessions.</param>
/// <param name="IsAcceptable">A sender that enforces the policy would give it mail.</param>
internal sealed record HostFindings(CheckSection Section, bool IsReachable, bool IsAcceptable);
