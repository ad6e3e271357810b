using Relay.MtaSts.Policies;

namespace Relay.Diagnosis;

/// <summary>What was learnt from the policy host: the steps, and the policy when there is one.</summary>
internal sealed record PolicyHostFindings(IReadOnlyList<CheckSection> Sections, StsPolicy? Policy);
