namespace Relay.Commands.Check;

/// <summary>The steps about one thing: the record, the policy host, one MX host.</summary>
internal sealed record CheckSection(string Title, IReadOnlyList<CheckStep> Steps);
