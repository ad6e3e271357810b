using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using ArchUnitNET.Domain;
using ArchUnitNET.Loader;
using ArchUnitNET.xUnitV3;
using static ArchUnitNET.Fluent.ArchRuleDefinition;
using Assembly = System.Reflection.Assembly;

namespace Relay.Tests;

/// <summary>
/// The arrows between the projects (docs/architecture.md). Assemblies show what the code uses, project files what it could, and the source what
/// leaves no trace in an assembly: constants, and types named in comments.
/// </summary>
public sealed partial class ArrowTests
{
    // What a project may use is what can be reached from it.
    private static readonly Dictionary<string, string[]> Arrows = new()
    {
        ["Relay.Mail"] = [],
        ["Relay.Sqlite"] = [],
        ["Relay.Lab"] = [],
        ["Relay.Dns"] = ["Relay.Mail"],
        ["Relay.Tls"] = ["Relay.Mail"],
        ["Relay.Smtp"] = ["Relay.Mail"],
        ["Relay.Https"] = ["Relay.Dns", "Relay.Tls"],
        ["Relay.Delivery"] = ["Relay.Dns", "Relay.Smtp", "Relay.Tls"],
        ["Relay.MtaSts"] = ["Relay.Delivery", "Relay.Https", "Relay.Sqlite"],
        ["Relay.TlsRpt"] = ["Relay.Delivery", "Relay.Https", "Relay.Sqlite"],
        ["Relay.Diagnosis"] = ["Relay.Delivery", "Relay.MtaSts", "Relay.TlsRpt"],
        ["Relay.Queue"] = ["Relay.Delivery", "Relay.Sqlite"],
        ["Relay"] = ["Relay.Delivery", "Relay.Diagnosis", "Relay.Lab", "Relay.MtaSts", "Relay.Queue", "Relay.Smtp", "Relay.TlsRpt"],
    };

    // The rooms of the program that serve the plugins to operators, and the composition.
    private static readonly string[] RoomsOfPlugins = ["Admin", "Commands", "Hosting"];

    private static readonly Lazy<Architecture> Built = new(() => new ArchLoader().LoadAssemblies([.. Arrows.Keys.Select(AssemblyOf)]).Build());

    public static TheoryData<string> Projects => [.. Arrows.Keys];

    [Fact]
    public void Projects_OfTheTree_AreAllInTheFigure() =>
        Assert.Equal(
            Arrows.Keys.Order(StringComparer.Ordinal),
            Directory.EnumerateFiles(Path.Combine(Tree.Root, "src"), "*.csproj", SearchOption.AllDirectories)
                .Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Projects))]
    public void Assembly_DependsOnlyOnWhatIsBelow(string project)
    {
        foreach (var other in Arrows.Keys.Except(Below(project)))
        {
            Types().That().ResideInAssembly(AssemblyOf(project))
                .Should().NotDependOnAny(Types().That().ResideInAssembly(AssemblyOf(other)))
                .Check(Built.Value);
        }
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void ProjectFile_ReferencesItsArrowsAndNoFramework(string project)
    {
        var file = XDocument.Load(Path.Combine(Tree.Root, "src", project, $"{project}.csproj"));
        var references = file.Descendants("ProjectReference").Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value));
        Assert.Equal(Arrows[project].Order(StringComparer.Ordinal), references.Order(StringComparer.Ordinal));

        var frameworks = file.Descendants("FrameworkReference").Select(reference => reference.Attribute("Include")!.Value);
        Assert.Equal(project == "Relay" ? ["Microsoft.AspNetCore.App"] : [], frameworks);
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Source_NamesOnlyWhatIsBelow(string project)
    {
        var below = Below(project);
        Assert.All(
            Tree.SourceFiles($"src/{project}"),
            file => Assert.All(ProjectsNamedIn(file), named => Assert.True(below.Contains(named), $"{file} names {named}")));
    }

    [Fact] // The program serves a plugin where it is registered, and knows it nowhere else
    public void Program_NamesPluginsInTheirRoomsOnly()
    {
        foreach (var file in Tree.SourceFiles("src/Relay"))
        {
            var room = Path.GetRelativePath(Path.Combine(Tree.Root, "src", "Relay"), file).Split(Path.DirectorySeparatorChar)[0];
            if (!RoomsOfPlugins.Contains(room))
            {
                Assert.DoesNotContain("Relay.MtaSts", ProjectsNamedIn(file));
                Assert.True(room == "ReportMail" || !ProjectsNamedIn(file).Contains("Relay.TlsRpt"), $"{file} names Relay.TlsRpt");
            }
        }
    }

    private static HashSet<string> Below(string project)
    {
        var found = new HashSet<string> { project };
        var open = new Queue<string>([project]);
        while (open.TryDequeue(out var next))
        {
            foreach (var below in Arrows[next].Where(found.Add))
            {
                open.Enqueue(below);
            }
        }

        return found;
    }

    private static HashSet<string> ProjectsNamedIn(string file)
    {
        var named = Name().Matches(File.ReadAllText(file)).Select(match => match.Value);
        return [.. named.Where(name => name != "Relay" && Arrows.ContainsKey(name))];
    }

    private static Assembly AssemblyOf(string project) => Assembly.Load(new AssemblyName(project == "Relay" ? "relay" : project));

    [GeneratedRegex(@"(?<![\w.""/])Relay\.[A-Z]\w*")]
    private static partial Regex Name();
}
