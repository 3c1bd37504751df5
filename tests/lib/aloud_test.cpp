// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "text/aloud/aloud.h"

#include "aloud_reading.h"

namespace chatterbox {
namespace {

using test::AloudTest;
using test::handed_over;
using test::Reading;

constexpr Reading kNumbers[] = {
    {"1,234 people", "one thousand two hundred thirty four people"},
    {"12,345,678 items",
     "twelve million three hundred forty five thousand six hundred seventy eight items"},
    {"100,000", "one hundred thousand"},
    {"1,000,000,000", "one billion"},
    {"3.14159", "three point one four one five nine"},
    {"0.5 and .5", "zero point five and point five"},
    {"it is -5 outside", "it is minus five outside"},
    {"agent 007", "agent zero zero seven"},
    {"call 911 now", "call nine one one now"},
    {"10 million", "ten million"},
    {"#1", "number one"},
    {"No. 5", "number five"},
    {"~50 people", "about fifty people"},
    {"401(k)", "four oh one k"},
    {"v1.2.3", "version one point two point three"},
    {"version 2.0", "version two point zero"},
    {"192.168.0.1", "one hundred ninety two dot one hundred sixty eight dot zero dot one"},
    {"1+1=2", "one plus one equals two"},
    {"2 + 2 = 4", "two plus two equals four"},
    {"10^6", "ten to the power of six"},
    {"5^2 and 2^3", "five squared and two cubed"},
    {"3x4", "three by four"},
    {"3 x 4 meters", "three by four meters"},
    {"1920x1080", "nineteen twenty by one thousand eighty"},
    {"1.5x faster", "one point five x faster"},
    {"±3", "plus or minus three"},
    {"5 × 3", "five by three"},
    {"≈10", "about ten"},
    {"50+ people", "fifty plus people"},
    {">50 and <10", "more than fifty and less than ten"},
    {"1.5M views and 200K likes", "one point five million views and two hundred thousand likes"},
    {"a 5K run", "a five K run"},
    {"Suite 4B", "suite four B"},
    {"100s of files", "hundreds of files"},
    {"1000s of people", "thousands of people"},
    {"10:1 odds", "ten to one odds"},
    {"the Celtics, 110-102", "the Celtics one hundred ten to one hundred two"},
    {"a 50/50 chance", "a fifty fifty chance"},
    {"x^2", "x squared"},
    {"~$5", "about five dollars"},
    {"a 500 million dollar deal", "a five hundred million dollar deal"},
};

constexpr Reading kYears[] = {
    {"in 1998", "in nineteen ninety eight"},
    {"in 2005", "in two thousand five"},
    {"in 2021", "in twenty twenty one"},
    {"in 1905", "in nineteen oh five"},
    {"in 1800", "in eighteen hundred"},
    {"in 1066", "in ten sixty six"},
    {"1066 people", "one thousand sixty six people"},
    {"the 1990s", "the nineteen nineties"},
    {"the '80s", "the eighties"},
    {"the 20s", "the twenties"},
    {"the 1900s", "the nineteen hundreds"},
    {"the 2000s", "the two thousands"},
    {"the mid-1990s", "the mid nineteen nineties"},
    {"1990-1995", "nineteen ninety to nineteen ninety five"},
    {"1990–1995", "nineteen ninety to nineteen ninety five"},
    {"May 5, 2020", "May fifth twenty twenty"},
    {"Jan. 5", "January fifth"},
    {"5/12/2020", "May twelfth twenty twenty"},
    {"25/12/2020", "December twenty fifth twenty twenty"},
    {"7/4/76", "July fourth nineteen seventy six"},
    {"2020-05-12", "May twelfth twenty twenty"},
    {"9/11", "nine eleven"},
    {"24/7", "twenty four seven"},
    {"Between 1914 and 1918", "between nineteen fourteen and nineteen eighteen"},
    {"From 1939 to 1945", "from nineteen thirty nine to nineteen forty five"},
    {"from 1500 people", "from fifteen hundred people"},
    {"The 2024-25 season", "the twenty twenty four twenty five season"},
    {"the 2023/24 season", "the twenty twenty three twenty four season"},
    {"the 1999-00 season", "the nineteen ninety nine two thousand season"},
    {"1990-95", "nineteen ninety to ninety five"},
    {"in 44 BC and AD 79", "in forty four B C and A D seventy nine"},
    {"in 500 B.C. there", "in five hundred B C there"},
    {"FY2024", "F Y twenty twenty four"},
    {"31.12.2023", "December thirty first twenty twenty three"},
    {"Dec 25", "December twenty fifth"},
    {"Aug. 5-7", "August fifth to seventh"},
    {"Sept. 11, 2001", "September eleventh two thousand one"},
};

constexpr Reading kMoney[] = {
    {"$3.50", "three dollars fifty cents"},
    {"$1", "one dollar"},
    {"$0.99", "ninety nine cents"},
    {"$1.01", "one dollar one cent"},
    {"$5.00", "five dollars"},
    {"$1,200.50", "one thousand two hundred dollars fifty cents"},
    {"$5 million", "five million dollars"},
    {"£5 million", "five million pounds"},
    {"$1.2 billion.", "one point two billion dollars."},
    {"$100K", "one hundred thousand dollars"},
    {"$5M", "five million dollars"},
    {"€2.5bn", "two point five billion euros"},
    {"$5-10", "five to ten dollars"},
    {"$5-$10", "five to ten dollars"},
    {"-$5", "minus five dollars"},
    {"$20/month", "twenty dollars per month"},
    {"£1", "one pound"},
    {"£3.50", "three pounds fifty pence"},
    {"€20", "twenty euros"},
    {"20€", "twenty euros"},
    {"¥500", "five hundred yen"},
    {"50¢", "fifty cents"},
    {"5% or 3.5%", "five per cent or three point five per cent"},
    {"5-10%", "five to ten per cent"},
    {"5 %", "five percent"},
    {"A $2.5-million house", "a two point five million dollar house"},
    {"A $500 million deal", "a five hundred million dollars deal"},
    {"$.50", "fifty cents"},
    {"£64.5k", "sixty four point five thousand pounds"},
    {"100 USD", "one hundred U S dollars"},
    {"Rs. 500", "rupees five hundred"},
    {"$15/hr", "fifteen dollars per hour"},
    {"€5.50/kg", "five euros fifty cents per kilogram"},
    {"5 @ $3", "five at three dollars"},
};

constexpr Reading kTimes[] = {
    {"10:30", "ten thirty"},
    {"10:05", "ten oh five"},
    {"15:45", "fifteen forty five"},
    {"3pm", "three P M"},
    {"7AM", "seven A M"},
    {"3 p.m. today", "three P M today"},
    {"10:30am", "ten thirty A M"},
    {"9-10pm", "nine to ten P M"},
    {"8:30-9:00", "eight thirty to nine"},
    {"10:30:15", "ten thirty and fifteen seconds"},
    {"at 14:00", "at fourteen hundred"},
    {"10am-4pm", "ten A M to four P M"},
    {"9am–5:30pm", "nine A M to five thirty P M"},
    {"Mon-Fri 9-5", "Monday to Friday nine to five"},
    {"Monday-Friday", "Monday to Friday"},
    {"2h 30m", "two hours thirty minutes"},
    {"John 3:16", "John three sixteen"},
};

constexpr Reading kOrdinals[] = {
    {"the 1st, 2nd, 3rd and 4th", "the first second third and fourth"},
    {"the 21st century", "the twenty first century"},
    {"her 113th", "her one hundred thirteenth"},
    {"Henry VIII", "Henry the eighth"},
    {"Elizabeth II", "Elizabeth the second"},
    {"Louis XIV", "Louis the fourteenth"},
    {"World War II", "World War two"},
    {"WWII", "World War two"},
    {"Chapter IV", "Chapter four"},
    {"Part III", "Part three"},
    {"Rocky IV", "Rocky four"},
    {"Super Bowl LIV", "Super Bowl fifty four"},
    {"Act II, Scene iii", "act two scene three"},
};

constexpr Reading kFractions[] = {
    {"1/2", "a half"},
    {"3/4 cup", "three quarters cup"},
    {"2 1/2 inches", "two and a half inches"},
    {"1/3 or 2/3", "one third or two thirds"},
    {"1 3/8", "one and three eighths"},
    {"5/16", "five sixteenths"},
    {"½", "a half"},
    {"2½ cups", "two and a half cups"},
    {"¾ full", "three quarters full"},
};

constexpr Reading kUnits[] = {
    {"5 km", "five kilometers"},
    {"1 km", "one kilometer"},
    {"5km away", "five kilometers away"},
    {"a 5-km run", "a five kilometer run"},
    {"10kg", "ten kilograms"},
    {"150 lbs", "one hundred fifty pounds"},
    {"6 ft tall", "six feet tall"},
    {"5'10\"", "five foot ten"},
    {"20 cm", "twenty centimeters"},
    {"3.5 GHz", "three point five gigahertz"},
    {"16GB of", "sixteen gigabytes of"},
    {"60 mph", "sixty miles per hour"},
    {"100 km/h", "one hundred kilometers per hour"},
    {"9.8 m/s", "nine point eight meters per second"},
    {"25°C", "twenty five degrees Celsius"},
    {"70 °F", "seventy degrees Fahrenheit"},
    {"90° turn", "ninety degrees turn"},
    {"30 m²", "thirty square meters"},
    {"100 sq ft", "one hundred square feet"},
    {"500 ml", "five hundred milliliters"},
    {"8 oz.", "eight ounces."},
    {"five kg", "five kilograms"},
    {"10 min", "ten minutes"},
    {"200 µm", "two hundred micrometers"},
    {"100m in 10.8s", "one hundred meters in ten point eight seconds"},
    {"5 ft. 10 in. tall", "five feet ten inches tall"},
    {"15,000 sq. ft. of", "fifteen thousand square feet of"},
    {"60 mi/h", "sixty miles per hour"},
    {"a 6\" pipe", "a six inch pipe"},
    {"\"he is 6\"", "he is six"},
};

constexpr Reading kAbbreviations[] = {
    {"Dr. Smith", "doctor Smith"},
    {"St. James St.", "saint James street"},
    {"Mr. and Mrs. Jones", "mister and missus Jones"},
    {"Prof. Lee", "professor Lee"},
    {"Gen. Grant", "general Grant"},
    {"Capt. Cook", "captain Cook"},
    {"us vs. them", "us versus them"},
    {"cats, e.g., lions", "cats for example lions"},
    {"i.e. that", "that is that"},
    {"pens, etc.", "pens et cetera"},
    {"Mon. and Tues.", "Monday and Tuesday"},
    {"approx. 5", "approximately five"},
    {"Mt. Everest", "Mount Everest"},
    {"Ft. Worth", "Fort Worth"},
    {"Fifth Ave.", "fifth Avenue"},
    {"Apple Inc. makes it", "Apple Incorporated makes it"},
    {"Smith & Co.", "Smith and Company"},
    {"John Smith, Jr.", "John Smith Junior"},
    {"p. 5 and pp. 6-7", "page five and pages six to seven"},
    {"w/o it", "without it"},
    {"I saw the Sun. Jan. said no. 5 left.", "I saw the sun. jan. said no. five left."},
    {"the co and min", "the co and min"},
    {"Ms. Green", "Miz Green"},
    {"Roe v. Wade", "Roe versus Wade"},
    {"9:30 a.m. ET", "nine thirty A M E T"},
    {"St. Louis, Mo.", "Saint Louis Missouri"},
};

constexpr Reading kCapitals[] = {
    {"the FBI", "the F B I"},
    {"the USA", "the U S A"},
    {"the U.S.A.", "the U S A"},
    {"the US and the UK", "the U S and the U K"},
    {"the EU", "the E U"},
    {"a CEO", "a C E O"},
    {"two CEOs", "two C E O's"},
    {"an AI", "an A I"},
    {"the API", "the A P I"},
    {"NASA and NATO", "nasa and nato"},
    {"AT&T", "A T and T"},
    {"R&D", "R and D"},
    {"Q&A", "Q and A"},
    {"John & Mary", "John and Mary"},
    {"GIVE IT TO US NOW", "give it to us now"},
    {"HTML and PDF", "H T M L and P D F"},
    {"COVID-19", "covid nineteen"},
    {"MP3", "M P three"},
    {"4K TV", "four K T V"},
    {"an iPhone", "an i Phone"},
    {"GitHub", "Git Hub"},
    {"YouTube", "You Tube"},
    {"Wi-Fi", "why fie"},
    {"JavaScript", "Java Script"},
    {"OpenAI", "Open A I"},
    {"iOS and macOS", "i O S and mac O S"},
    {"McDonald and O'Brien", "mcdonald and o'brien"},
    {"a PhD", "a P H D"},
    {"C++ and C#", "C plus plus and C sharp"},
    {"the UK's and the EU's", "the U K's and the E U's"},
    {"the GOP", "the G O P"},
    {"an MRI scan", "an M R I scan"},
    {"SUVs and EVs", "S U V's and E V's"},
    {"PRESIDENT SPEAKS AT THE UN", "president speaks at the U N"},
    {"the WHO said", "the W H O said"},
    {"Guess WHO came", "guess who came"},
    {"the IT department", "the I T department"},
    {"do IT now", "do it now"},
    {"D.C. is", "D C is"},
    {"J.K. Rowling", "J K Rowling"},
    {"AC/DC and TCP/IP", "A C D C and T C P I P"},
    {"flight BA2490", "flight B A twenty four ninety"},
    {"CO2", "C O two"},
    {"an A+", "an ay plus"},
    {"TL;DR", "T L D R"},
    {"thx and pls", "thanks and please"},
};

constexpr Reading kAddresses[] = {
    {"www.example.com", "w w w dot example dot com"},
    {"https://example.com/page", "example dot com slash page"},
    {"http://bbc.co.uk/", "B B C dot C O dot U K"},
    {"example.org.", "example dot org."},
    {"me@example.com", "me at example dot com"},
    {"jane.doe@mail.net", "jane dot doe at mail dot net"},
    {"file.txt", "file dot T X T"},
    {"Node.js", "Node dot J S"},
    {"@home", "at home"},
    {"#winning", "hashtag winning"},
    {"and/or", "and or"},
    {"he/she", "he slash she"},
    {"snake_case", "snake case"},
    {"*very* _good_", "very good"},
    {"555-1234", "five five five one two three four"},
    {"(555) 123-4567", "five five five one two three four five six seven"},
    {"555.123.4567", "five five five one two three four five six seven"},
    {"1-800-555-1234", "one eight zero zero five five five one two three four"},
    {"+1 555 123 4567", "plus one five five five one two three four five six seven"},
};

INSTANTIATE_TEST_SUITE_P(Numbers, AloudTest, testing::ValuesIn(kNumbers));
INSTANTIATE_TEST_SUITE_P(Years, AloudTest, testing::ValuesIn(kYears));
INSTANTIATE_TEST_SUITE_P(Money, AloudTest, testing::ValuesIn(kMoney));
INSTANTIATE_TEST_SUITE_P(Times, AloudTest, testing::ValuesIn(kTimes));
INSTANTIATE_TEST_SUITE_P(Ordinals, AloudTest, testing::ValuesIn(kOrdinals));
INSTANTIATE_TEST_SUITE_P(Fractions, AloudTest, testing::ValuesIn(kFractions));
INSTANTIATE_TEST_SUITE_P(Units, AloudTest, testing::ValuesIn(kUnits));
INSTANTIATE_TEST_SUITE_P(Abbreviations, AloudTest, testing::ValuesIn(kAbbreviations));
INSTANTIATE_TEST_SUITE_P(Capitals, AloudTest, testing::ValuesIn(kCapitals));
INSTANTIATE_TEST_SUITE_P(Addresses, AloudTest, testing::ValuesIn(kAddresses));

// The full stop of an abbreviation stays where it ends a sentence, and nowhere else.
TEST(ReadAloud, EndsSentencesWhereTheyEnd) {
  EXPECT_EQ(handed_over("The U.S. economy grew."), "The U S economy grew. ");
  EXPECT_EQ(handed_over("The U.N. Security Council"), "The U N Security Council ");
  EXPECT_EQ(handed_over("He lives in the U.S. It is big."), "He lives in the U s. It is big. ");
  EXPECT_EQ(handed_over("Come at 3 p.m. today."), "Come at 3 P M today. ");
  EXPECT_EQ(handed_over("Come at 3 p.m. The door opens."), "Come at 3 P m. The door opens. ");
  EXPECT_EQ(handed_over("Acme Inc. It is"), "Acme Incorporated. It is ");
  EXPECT_EQ(handed_over("in the U.S."), "in the U s. ");
}

// Sentences without signs reach flite letter for letter, as in training.
TEST(ReadAloud, LeavesPlainTextAlone) {
  const char* sentences[] = {
      "The weather will be fine until the evening, and then it rains.",
      "\"Where,\" she asked, \"have you been?\" I didn't know.",
      "Well - that's it; isn't it? No! Mary's brother-in-law said so: twice...",
      "He said 'yes' and (perhaps) meant it.",
  };
  for (const std::string sentence : sentences) EXPECT_EQ(handed_over(sentence), sentence + " ");
}

TEST(ReadAloud, GivesOneReadingForEachWord) {
  for (const char* text :
       {"", "*", "$", "£", "---", "a&", "&b", "1/0", "99/99/9999", "#", "@", "0000-00-00", "½½",
        "v1.1.1.1.1", "$5 million", "\xff\xfe", "''''", "IIIIIIIIII"}) {
    const std::vector<std::string> words{text, "and", text};
    EXPECT_EQ(read_aloud(words).size(), words.size()) << text;
  }
  EXPECT_EQ(read_aloud({std::string(100000, '7')}).front().size(), 100000U);
  EXPECT_TRUE(read_aloud({}).empty());
}

}  // namespace
}  // namespace chatterbox
