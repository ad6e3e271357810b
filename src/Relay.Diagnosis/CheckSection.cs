namespace Relay.Diagnosis;

/// <summary>The steps about one thing: the record, the policy host, one MX host.</summary>
public sealed record CheckSection(string Title, IReadOnlyList<CheckStep> Steps);
