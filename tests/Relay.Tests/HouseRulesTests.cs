using System.Text.RegularExpressions;

namespace Relay.Tests;

/// <summary>What the documents promise of the tree, checked.</summary>
public sealed partial class HouseRulesTests
{
    [Fact]
    public void CitedRfcs_AreAllListed()
    {
        var listed = File.ReadLines(Path.Combine(Tree.Root, "docs", "rfc.tsv")).Skip(1).Select(line => line.Split('\t')[0]).ToHashSet();
        var missing = Tree.SourceFiles("src", "tests", "bench")
            .SelectMany(file => Rfc().Matches(File.ReadAllText(file)).Select(match => (match.Groups[1].Value, file)))
            .Where(cited => !listed.Contains(cited.Value))
            .Select(cited => $"RFC {cited.Value} in {Path.GetRelativePath(Tree.Root, cited.file)}")
            .Distinct();
        Assert.Empty(missing);
    }

    [Fact]
    public void ConformanceRows_CoverEveryRequirementOnce_AndNameTestsThatExist()
    {
        var required = RequirementIds();
        var tests = TestNames();
        var seen = new HashSet<string>();
        foreach (var row in File.ReadLines(Path.Combine(Tree.Root, "docs", "conformance.md")).Where(line => ConformanceRow().IsMatch(line)))
        {
            var cells = row.Split('|', StringSplitOptions.TrimEntries);
            Assert.True(seen.Add(cells[1]), $"{cells[1]} stands twice");
            if (cells[2] is "proved")
            {
                var named = TestReference().Matches(cells[3]).Select(match => match.Groups[1].Value).ToList();
                Assert.True(named.Count > 0, $"{cells[1]} is called proved and names no test");
                Assert.All(named, name => Assert.True(tests.Contains(name), $"{cells[1]} names {name}, which does not exist"));
            }
            else
            {
                Assert.Matches("^(open|n/a|part)$", cells[2]);
                Assert.True(cells[3].Length > 10, $"{cells[1]} is {cells[2]} and does not say why");
            }
        }

        Assert.Equal(required.Order(StringComparer.Ordinal), seen.Order(StringComparer.Ordinal));
    }

    private static HashSet<string> RequirementIds() =>
        [.. File.ReadLines(Path.Combine(Tree.Root, "tests", "requirement-ids.txt")).Where(line => line.Length > 0)];

    private static HashSet<string> TestNames()
    {
        var names = new HashSet<string>();
        foreach (var file in Tree.SourceFiles("tests"))
        {
            var text = File.ReadAllText(file);
            foreach (Match type in TypeName().Matches(text))
            {
                foreach (Match method in MethodName().Matches(text))
                {
                    names.Add($"{type.Groups[1].Value}.{method.Groups[1].Value}");
                }
            }
        }

        return names;
    }

    [GeneratedRegex(@"RFC (\d{3,4})\b")]
    private static partial Regex Rfc();

    [GeneratedRegex(@"^\| [A-Z]+-\d+a? \|")]
    private static partial Regex ConformanceRow();

    [GeneratedRegex(@"`(\w+\.\w+)`")]
    private static partial Regex TestReference();

    [GeneratedRegex(@"class (\w+Tests)\b")]
    private static partial Regex TypeName();

    [GeneratedRegex(@"public (?:async )?(?:void|Task|ValueTask) (\w+)\(")]
    private static partial Regex MethodName();
}
