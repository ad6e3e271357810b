using System.Reflection;
using System.Text.RegularExpressions;

namespace Relay.Protocol.Tests;

/// <summary>Holds the suite against the list of requirements.</summary>
public sealed partial class CompletenessTests
{
    private static IEnumerable<string> Proved => typeof(CompletenessTests).Assembly.GetTypes()
        .SelectMany(type => type.GetMethods())
        .Where(method => method.GetCustomAttributes().Any(attribute => attribute is FactAttribute))
        .Select(method => RequirementId().Match(method.Name))
        .Where(match => match.Success)
        .Select(match => $"{match.Groups[1].Value}-{match.Groups[2].Value}");

    private static IEnumerable<string> Required => File.ReadLines(Path.Combine(AppContext.BaseDirectory, "requirement-ids.txt"))
        .Where(id => id.StartsWith("SMTP-", StringComparison.Ordinal) || id.StartsWith("DSN-", StringComparison.Ordinal));

    [Fact]
    public void Tests_NameRequirementsThatExist() => Assert.Empty(Proved.Except(Required));

    [GeneratedRegex("^([A-Z]+)_([0-9]+[a-z]?)_")]
    private static partial Regex RequirementId();
}
