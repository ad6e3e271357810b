namespace Relay.Tests;

/// <summary>The tree that the tests were built from.</summary>
internal static class Tree
{
    public static string Root { get; } = FindRoot();

    /// <summary>Every C# file in these folders.</summary>
    public static IEnumerable<string> SourceFiles(params string[] folders) =>
        folders.SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories));

    private static string FindRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Relay.sln")))
        {
            directory = directory.Parent ?? throw new InvalidOperationException("The tests run outside the tree");
        }

        return directory.FullName;
    }
}
